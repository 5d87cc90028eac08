-- per login that owns a customer: the worker behind it, and who stands in where that worker is not there
with owning_logins as (
    select distinct
        owner_source as source,
        owner_user_id as user_id
    from {{ ref('int_customer_survivor') }}
    where owner_user_id is not null
),

logins as (
    select * from {{ ref('int_crm_user') }}
),

employees as (
    select * from {{ ref('int_employee') }}
),

managers as (
    select * from {{ ref('int_active_manager') }}
),

named as (
    select
        owning_logins.source,
        owning_logins.user_id,
        logins.matched_by,
        owners.employee_id,
        coalesce(owners.active, false) as available,
        owners.absent_because,
        bosses.employee_id as boss_employee_id,
        coalesce(bosses.active, false) as boss_available
    from owning_logins
    left join logins
        on owning_logins.source = logins.source
        and owning_logins.user_id = logins.user_id
    left join employees as owners
        on logins.employee_id = owners.employee_id
    -- a login without a worker still has the manager that the CRM names
    left join logins as boss_logins
        on logins.source = boss_logins.source
        and logins.manager_user_id = boss_logins.user_id
        and owners.employee_id is null
    left join employees as bosses
        on boss_logins.employee_id = bosses.employee_id
),

final as (
    select
        -- ids
        named.source,
        named.user_id,
        named.employee_id,
        case
            when not named.available and named.boss_available then named.boss_employee_id
            when not named.available then managers.manager_employee_id
        end as manager_employee_id,

        -- texts
        named.matched_by,
        case
            when named.employee_id is null
                then 'login ' || named.user_id || ' of ' || named.source || ' is no known worker'
            when not named.available
                then named.employee_id || ' is ' || coalesce(
                    case named.absent_because when 'leave' then 'on leave' else named.absent_because end, 'not there'
                )
        end as unavailable_because,

        -- flags
        named.available
    from named
    left join managers
        on coalesce(named.employee_id, named.boss_employee_id) = managers.employee_id
)

select * from final
