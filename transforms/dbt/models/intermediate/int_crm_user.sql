-- A login is the worker who bears its number, else its e-mail, else its name; who cannot be told from another is nobody.
with recursive logins as (
    select
        source,
        record_id as user_id,
        manager_user_id,
        language,
        coalesce(active, false) and coalesce(support_agent, false) as is_support_agent,
        employee_number,
        lower(email) as email,
        nullif(lower(trim(concat_ws(' ', given_name, family_name))), '') as full_name
    from {{ ref('stg_crm_user') }}
    qualify row_number() over (
        partition by source, record_id
        order by modified_at desc nulls last, observed_at desc, object
    ) = 1
),

employees as (
    select * from {{ ref('int_employee') }}
),

-- two HR sources may give one number to two workers
numbers as (
    select
        record_id as employee_number,
        min(employee_id) as employee_id
    from employees
    group by record_id
    having count(*) = 1
),

-- An e-mail is personal where one worker of an HR source has it, or one who was hired again under a new number. Where two
-- sources know it, the one believed most speaks.
emails as (
    select
        email,
        min(full_name) as full_name,
        {{ first_of(
            "array_agg(employee_id order by absent_because is not distinct from 'terminated', hired_on desc nulls last, employee_id)"
        ) }} as employee_id
    from employees
    where email is not null
    group by email, source
    having
        count(*) = 1
        or (
            count(distinct coalesce(full_name, record_id)) = 1
            and count(*) filter (where absent_because is distinct from 'terminated') <= 1
        )
    qualify row_number() over (
        partition by email
        order by min(source_rank), source
    ) = 1
),

-- a mailbox that logins of several names share speaks only for the one who bears its worker's name
shared_mailboxes as (
    select
        source,
        email
    from logins
    where email is not null
    group by source, email
    having count(distinct full_name) > 1
),

surely_matched as (
    select
        logins.*,
        coalesce(numbers.employee_id, emails.employee_id) as employee_id,
        case
            when numbers.employee_id is not null then 'employee number'
            when emails.employee_id is not null then 'work e-mail'
        end as matched_by
    from logins
    left join numbers
        on logins.employee_number = numbers.employee_number
    left join shared_mailboxes
        on logins.source = shared_mailboxes.source
        and logins.email = shared_mailboxes.email
    left join emails
        on logins.email = emails.email
        and (shared_mailboxes.email is null or logins.full_name = emails.full_name)
),

namesakes as (
    select
        logins.source,
        logins.user_id,
        leaders.employee_id as leader_employee_id,
        employees.employee_id,
        employees.manager_employee_id
    from surely_matched as logins
    inner join employees
        on logins.full_name = employees.full_name
    left join surely_matched as leaders
        on logins.source = leaders.source
        and logins.manager_user_id = leaders.user_id
    where logins.employee_id is null
),

-- everybody above a namesake; equal rows count once, so a chain that leads back to itself ends
reporting_lines as (
    select
        employee_id,
        manager_employee_id
    from namesakes
    where leader_employee_id is not null and manager_employee_id is not null

    union distinct

    select
        reporting_lines.employee_id,
        managers.manager_employee_id
    from reporting_lines
    inner join employees as managers
        on reporting_lines.manager_employee_id = managers.employee_id
    where managers.manager_employee_id is not null
),

-- a name is enough where one worker bears it: of the team of the login's manager, else, where that is not known, of all
names as (
    select
        namesakes.source,
        namesakes.user_id,
        min(namesakes.employee_id) as employee_id,
        case
            when min(namesakes.leader_employee_id) is null then 'full name'
            else 'name within the team'
        end as matched_by
    from namesakes
    left join reporting_lines
        on namesakes.employee_id = reporting_lines.employee_id
        and namesakes.leader_employee_id = reporting_lines.manager_employee_id
    where namesakes.leader_employee_id is null or reporting_lines.employee_id is not null
    group by namesakes.source, namesakes.user_id
    having count(*) = 1
),

final as (
    select
        -- ids
        logins.source,
        logins.user_id,
        logins.manager_user_id,
        coalesce(logins.employee_id, names.employee_id) as employee_id,

        -- texts
        logins.language,
        coalesce(logins.matched_by, names.matched_by) as matched_by,

        -- flags
        logins.is_support_agent
    from surely_matched as logins
    left join names
        on logins.source = names.source
        and logins.user_id = names.user_id
)

select * from final
