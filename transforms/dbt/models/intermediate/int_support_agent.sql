-- workers whom support knows: CRM users, support agents, and every manager above one
with recursive employees as (
    select * from {{ ref('int_employee') }}
),

logins as (
    select
        employee_id,
        bool_or(is_support_agent) as is_support_agent,
        {{ sorted_set('language') }} as languages
    from {{ ref('int_crm_user') }}
    where employee_id is not null
    group by employee_id
),

listed as (
    select * from {{ source('policy', 'agent') }}
),

known as (
    select employee_id from logins
    union distinct
    select employee_id from listed
),

reporting_line as (
    select employees.employee_id
    from employees
    inner join known
        on employees.employee_id = known.employee_id

    union distinct

    select managers.employee_id
    from reporting_line
    inner join employees
        on reporting_line.employee_id = employees.employee_id
    inner join employees as managers
        on employees.manager_employee_id = managers.employee_id
),

capacity as (
    select cast(value as integer) as by_default from {{ source('policy', 'setting') }}
    where name = 'agent_capacity_default'
),

described as (
    select
        employees.*,
        coalesce(logins.is_support_agent, false) or listed.employee_id is not null as is_support_agent,
        {{ without_nulls('listed.languages') }} as listed_languages,
        {{ without_nulls('listed.skills') }} as listed_skills,
        {{ without_nulls('employees.languages') }} as hr_languages,
        {{ without_nulls('employees.skills') }} as hr_skills,
        {{ without_nulls('logins.languages') }} as login_languages,
        listed.capacity as listed_capacity,
        capacity.by_default
    from employees
    inner join reporting_line
        on employees.employee_id = reporting_line.employee_id
    cross join capacity
    left join logins
        on employees.employee_id = logins.employee_id
    left join listed
        on employees.employee_id = listed.employee_id
),

final as (
    select
        -- ids
        employee_id,
        manager_employee_id,

        -- texts
        name,
        country,
        timezone,
        case
            when listed_languages is not null then 'agents.csv'
            when hr_languages is not null then 'hr'
            when login_languages is not null then 'crm'
            else 'nowhere'
        end as languages_from,
        case
            when listed_skills is not null then 'agents.csv'
            when hr_skills is not null then 'hr'
            else 'nowhere'
        end as skills_from,
        case
            when not is_support_agent then 'not a support agent'
            when listed_capacity is not null then 'agents.csv'
            else 'policy'
        end as capacity_from,

        -- numbers
        case
            when is_support_agent then coalesce(listed_capacity, by_default)
            else 0
        end as capacity,

        -- flags
        active,
        is_support_agent,

        -- lists
        coalesce(listed_languages, hr_languages, login_languages, {{ empty_list() }}) as languages,
        coalesce(listed_skills, hr_skills, {{ empty_list() }}) as skills
    from described
)

select * from final
